"""What zoo's claims about speed, costs, growth and search are measured by."""
