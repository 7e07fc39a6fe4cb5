"""What the frontend measures of the board and of the orders."""
