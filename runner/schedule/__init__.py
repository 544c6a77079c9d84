"""The daily run of a campaign file, handed to the scheduler that this computer has. It starts
`campaign run`, and no more."""
