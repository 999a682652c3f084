package client

import (
	"context"
	"os"
	"os/user"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/judge"
)

// Decide puts a decision of the bureau on record, by the user of this process.
func (c *Client) Decide(ctx context.Context, d event.Decision) error {
	d.Person = CurrentPerson()
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

// CurrentUser returns the name of the user of this process, as the operating system has
// it, or the user's number where it has no name.
func CurrentUser() string {
	u, err := user.LookupId(strconv.Itoa(os.Getuid()))
	if err != nil || u.Username == "" {
		return "uid " + strconv.Itoa(os.Getuid())
	}
	return u.Username
}

// CurrentPerson returns the user of this process, who may use the broker, as events name
// people.
func CurrentPerson() event.Person {
	return event.Person{Name: CurrentUser(), Role: event.RoleOperator, Way: event.WayLocal}
}
