"""Files of traces; `reading` knows them apart."""
