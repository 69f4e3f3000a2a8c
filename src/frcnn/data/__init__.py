"""What a file on disk says: folders of pictures and annotations become values, with a report."""
