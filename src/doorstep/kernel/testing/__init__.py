"""What tests of every floor share: declarations of a tiny system that is none of the house."""
