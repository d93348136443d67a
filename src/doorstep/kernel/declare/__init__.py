"""How a fact, scope, role, code list, purpose and indicator is declared: pure, checked at import."""
