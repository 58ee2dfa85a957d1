"""What is done with traces afterwards: chains followed, drawn again, compared. `think.trace` writes them."""
