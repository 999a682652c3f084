package client

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/ingest/backup"
	"github.com/citytally/citytally/ingest/stream"
)

// Backup adds a backup of the log and of files to a directory, while the pipeline runs.
func (c *Client) Backup(ctx context.Context, dir string, files []string, progress func(backup.Progress), logger zerolog.Logger) (*backup.Backup, error) {
	nc, err := c.connectBroker(access.Operator, logger)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	log, err := stream.Attach(nc, logger)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("open jetstream: %w", err)
	}
	options := backup.Options{Program: app.Version(), Files: files, Progress: progress, Now: time.Now}
	return backup.Take(ctx, js, log, dir, options)
}
