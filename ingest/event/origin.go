package event

import "strings"

// Origin is the area and the dataset of a submission, as its subject says. Both
// are "" where the subject has another form.
type Origin struct{ Area, Dataset string }

// OriginOf reads a subject such as submissions.320812.sti-annual.
func OriginOf(subject string) Origin {
	tokens := strings.Split(subject, ".")
	if len(tokens) != 3 {
		return Origin{}
	}
	return Origin{Area: tokens[1], Dataset: tokens[2]}
}
