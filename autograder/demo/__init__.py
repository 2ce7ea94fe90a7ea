"""The bundled class that ``make demo`` grades, and what each submission must get."""
