"""What differs between two outputs, or between two versions of a source file: `openaddr diff`."""
