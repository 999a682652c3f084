package client

import (
	"context"
	"fmt"
	"slices"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/sink/coverage"
)

// Coverage returns what has become of what is owed for the selection's period.
func (c *Client) Coverage(ctx context.Context, s *Selection, f coverage.Filter) ([]coverage.Row, error) {
	period, err := s.period()
	if err != nil {
		return nil, err
	}
	names, err := c.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := names.Area(f.Area); !ok && f.Area != "" {
		return nil, app.Usage(fmt.Errorf("--area: want an area of the catalogue, got %q", f.Area))
	}
	if _, ok := names.Dataset(f.Dataset); !ok && f.Dataset != "" {
		return nil, app.Usage(fmt.Errorf("--dataset: want a dataset of the catalogue, got %q", f.Dataset))
	}
	store, err := c.openStore(ctx, zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return coverage.OfPeriod(ctx, store, period, f)
}

// Scores returns how timely and how good the reports for the year of the selection's period
// were, of one area or, for "", of all.
func (c *Client) Scores(ctx context.Context, s *Selection, area string) ([]inquiry.Score, error) {
	period, err := s.period()
	if err != nil {
		return nil, err
	}
	store, err := c.openStore(ctx, zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer store.Close()
	scores, err := coverage.Scores(ctx, store, int(period.Year))
	return slices.DeleteFunc(scores, func(s inquiry.Score) bool { return area != "" && s.Area != area }), err
}
