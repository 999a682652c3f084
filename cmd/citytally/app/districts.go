package app

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/ingest/natsd"
)

// districtsInterval is how soon the embedded broker knows of a key that was made or revoked.
const districtsInterval = 250 * time.Millisecond

// districts keeps the embedded broker's users as the file of the districts' keys says.
type districts struct {
	dir     string
	secrets *credentials.Store
	access  string // in force
	server  *natsd.Server
	logger  zerolog.Logger
}

// run takes over what changes until ctx ends. A file that cannot be read changes nothing, and
// is told once.
func (d *districts) run(ctx context.Context) error {
	tick := time.NewTicker(districtsInterval)
	defer tick.Stop()
	for told := ""; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := d.refresh()
		switch {
		case err == nil:
			told = ""
		case err.Error() != told:
			told = err.Error()
			d.logger.Error().Err(err).Msg("the districts' keys in force stay as they were")
		}
	}
}

func (d *districts) refresh() error {
	keys, err := access.Keys(d.dir)
	if err != nil {
		return err
	}
	now := access.Secrets(d.secrets) + access.Text(keys)
	if now == d.access {
		return nil
	}
	if err := d.server.SetAccess(now); err != nil {
		return err
	}
	d.access = now
	d.logger.Info().Msg("the districts' keys have changed")
	return nil
}
