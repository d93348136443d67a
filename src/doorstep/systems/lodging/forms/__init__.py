"""What people fill in. The rules read and judge guests' particulars, so these forms only ask and give back."""
