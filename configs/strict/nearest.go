package strict

// Nearest returns the candidate that differs least from a mistyped word, or "" when every
// candidate differs in more than a third of its letters.
func Nearest(word string, candidates []string) string {
	best, least := "", len([]rune(word))/3+1
	for _, candidate := range candidates {
		if d := distance([]rune(word), []rune(candidate)); d <= least && (best == "" || d < least) {
			best, least = candidate, d
		}
	}
	return best
}

// distance returns the Levenshtein distance.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
