"""The same programs, written for each alternative."""
