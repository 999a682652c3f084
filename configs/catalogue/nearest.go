package catalogue

import "github.com/citytally/citytally/configs/strict"

// Nearest returns the candidate that differs least from a mistyped word, or ""
// when none is close enough to suggest.
func Nearest(word string, candidates []string) string { return strict.Nearest(word, candidates) }
