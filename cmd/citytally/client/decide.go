package client

import (
	"context"
	"os/user"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/judge"
)

// Decide puts a decision of the bureau on record.
func (c *Client) Decide(ctx context.Context, d event.Decision) error {
	inForce, err := c.Catalogue()
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

// CurrentUser returns the name of the user of this process, "" where the system has
// none.
func CurrentUser() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}
