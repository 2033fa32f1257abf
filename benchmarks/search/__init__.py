"""What a search costs and gains."""
