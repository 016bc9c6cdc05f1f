"""From the publisher's files to conformed rows, by columns and in bounded memory."""
