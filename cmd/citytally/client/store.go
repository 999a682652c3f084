package client

import (
	"context"
	"fmt"
	"io"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/sink"
)

// Query runs one query in ClickHouse and prints its rows.
func (c *Client) Query(ctx context.Context, query string, w io.Writer, format string) error {
	store, err := c.openStore(ctx, zerolog.Nop())
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Query(ctx, query, w, format)
}

// Rebuild drops what ClickHouse holds and fills it from the log again.
func (c *Client) Rebuild(ctx context.Context, logger zerolog.Logger) ([]sink.Rebuilt, error) {
	inForce, err := c.Catalogue()
	if err != nil {
		return nil, err
	}
	log, disconnect, err := c.openLog(logger)
	if err != nil {
		return nil, err
	}
	defer disconnect()
	store, err := c.openStore(ctx, logger)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	rebuilt, err := store.Rebuild(ctx, log, inForce, c.settings.Sink, logger)
	if err != nil {
		return nil, fmt.Errorf("%w; call it again to go on", err)
	}
	return rebuilt, nil
}
