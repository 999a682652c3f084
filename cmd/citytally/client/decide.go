package client

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/judge"
)

// Decide puts a decision of the bureau on record, by the user of this process.
func (c *Client) Decide(ctx context.Context, d event.Decision) error {
	d.Person = app.CurrentPerson()
	inForce, err := c.Catalogue(ctx)
	if err != nil {
		return err
	}
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return err
	}
	defer disconnect()
	if err := judge.Decide(ctx, log, inForce, d, time.Now()); err != nil {
		return app.Usage(err)
	}
	return nil
}
