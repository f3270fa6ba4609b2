"""Letters to institutions: docx templates a clerk can edit in Word, and their renderer."""
