"""What tests of every floor share: builders for kernel types, fixtures, and the guards of the house."""
