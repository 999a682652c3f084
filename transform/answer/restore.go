package answer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// ReleaseCopies are releases that something beside the log still has: ClickHouse.
type ReleaseCopies interface {
	// Releases returns all of them, in the order in which they were made.
	Releases(ctx context.Context) ([]*event.Release, error)
}

// RestoreReleases brings back to RELEASES the releases that it has lost and the copies have, with
// totals in the catalogue's order, and returns their names. Then it accepts what is still missing
// as lost. A name that RELEASES has stays as it is there.
func RestoreReleases(ctx context.Context, log *stream.Log, c *catalogue.Catalogue, copies ReleaseCopies) (names []string, err error) {
	copied, err := copies.Releases(ctx)
	if err != nil {
		return nil, err
	}
	place := func(t event.Total) int {
		return slices.IndexFunc(c.Indicators, func(i catalogue.Indicator) bool { return i.ID == t.Indicator })
	}
	for _, r := range copied {
		slices.SortStableFunc(r.Totals, func(a, b event.Total) int { return place(a) - place(b) })
		switch err := log.PublishRelease(ctx, r); {
		case errors.Is(err, stream.ErrConflict):
		case err != nil:
			return names, fmt.Errorf("bring back release %s, after %s: %w", r.Name, strings.Join(names, ", "), err)
		default:
			names = append(names, r.Name)
		}
	}
	return names, log.AcceptLoss(ctx, stream.Releases)
}
