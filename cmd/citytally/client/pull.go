package client

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/pull"
	"github.com/citytally/citytally/ingest/stream"
)

// Sources returns the sources of the settings with what is known of each.
func (c *Client) Sources(ctx context.Context) ([]present.Source, error) {
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer disconnect()
	return c.sources(ctx, log)
}

func (c *Client) sources(ctx context.Context, log *stream.Log) ([]present.Source, error) {
	location, err := c.settings.Location()
	if err != nil {
		return nil, err
	}
	sources := []present.Source{}
	for i := range c.settings.Pull.Sources {
		s := &c.settings.Pull.Sources[i]
		record, err := pull.Look(ctx, log, s.Name)
		if err != nil {
			return nil, err
		}
		sources = append(sources, present.Source{Name: s.Name, URL: s.URL, Area: s.Area, Dataset: s.Dataset, Cron: s.Cron, Next: s.Next(time.Now().In(location)), Record: record})
	}
	return sources, nil
}

// pullInterval is how often it is looked whether a run has ended.
const pullInterval = 200 * time.Millisecond

// Pull has a source of the settings fetched by a running process, and returns what the run came
// to. It waits for that at most for a time.
func (c *Client) Pull(ctx context.Context, name string, wait time.Duration) (*pull.Run, error) {
	known := false
	for i := range c.settings.Pull.Sources {
		known = known || c.settings.Pull.Sources[i].Name == name
	}
	if !known {
		return nil, app.Usage(fmt.Errorf("the settings have no source %q; citytally pull list shows them", name))
	}
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer disconnect()
	asked, err := pull.Ask(ctx, log, name, time.Now())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, wait, fmt.Errorf("no process has fetched %s within %s; the stage collect has to run with this source in its settings, and carries the run out when it does", name, wait))
	defer cancel()
	for {
		record, err := pull.Look(ctx, log, name)
		if ctx.Err() != nil {
			return nil, &AbsentError{context.Cause(ctx)}
		}
		if err != nil {
			return nil, err
		}
		if run := record.RunAsked(asked); run != nil {
			return run, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(pullInterval):
		}
	}
}
