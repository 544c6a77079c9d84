"""What the operating system gives: files, read with care, and processes, held within limits."""
