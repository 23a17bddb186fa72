"""Everything that leaves the program: tables, pictures, films, reports, fields and DICOM."""
