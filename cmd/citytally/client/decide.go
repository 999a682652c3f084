package client

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/closing"
	"github.com/citytally/citytally/transform/judge"
)

// Locks returns the last decision about each period that is locked. It returns none where no
// broker is known.
func (c *Client) Locks(ctx context.Context) (map[catalogue.Period]*event.Decision, error) {
	log, disconnect, err := c.openLog(zerolog.Nop())
	if _, absent := errors.AsType[*AbsentError](err); absent {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer disconnect()
	states, err := closing.States(ctx, log)
	if err != nil {
		return nil, err
	}
	locks := map[catalogue.Period]*event.Decision{}
	for period, state := range states {
		if state.Locked {
			locks[period] = state.Last
		}
	}
	return locks, nil
}

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
