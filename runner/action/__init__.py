"""What a person can ask for: one module for each act. An act takes what it needs and returns one
frozen result."""
