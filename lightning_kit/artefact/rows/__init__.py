"""Files of raw rows, as training and answering read them: a file a format."""
