package respond

import (
	"context"
	"errors"
	"slices"

	"github.com/citytally/citytally/ingest/inquiry"
)

// Scorer returns how timely and how good the reports for a year were, of all areas, as the store that
// analysts query has it.
type Scorer func(ctx context.Context, year int) ([]inquiry.Score, error)

func (r *Responder) scores(ctx context.Context, wanted inquiry.WantedScores) (inquiry.Scores, error) {
	if r.scorer == nil {
		return inquiry.Scores{}, errors.New("no store that has scores")
	}
	scores, err := r.scorer(ctx, wanted.Year)
	if err != nil {
		return inquiry.Scores{}, err
	}
	scores = slices.DeleteFunc(scores, func(s inquiry.Score) bool { return wanted.Area != "" && s.Area != wanted.Area })
	return inquiry.Scores{Year: wanted.Year, Scores: append([]inquiry.Score{}, scores...)}, nil
}
