"""What a campaign is: its settings, its file, its list and text, and which campaign a list belongs
to."""
