package app

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/drop"
	"github.com/citytally/citytally/ingest/pull"
)

// collects reports whether this process takes files from anywhere.
func (p *Pipeline) collects() bool {
	return p.has(StageCollect) && (p.settings.Drop.Dir != "" || len(p.settings.Pull.Sources) > 0)
}

// openCollect prepares the stage that takes files from where they are put. Where there is no such
// place, it has nothing to do among others, and is a mistake alone.
func (p *Pipeline) openCollect() error {
	if !p.collects() {
		if len(p.options.Stages) == 1 {
			return Usage(errors.New("collect has nothing to do: set drop.dir or pull.sources"))
		}
		ready := make(chan struct{})
		close(ready)
		p.start(StageCollect, ready, func(ctx context.Context) error { <-ctx.Done(); return nil })
		return nil
	}
	instance, err := p.instanceName()
	if err != nil {
		return err
	}
	location, err := p.settings.Location()
	if err != nil {
		return Usage(err)
	}
	log, err := p.LogAs(stageUser(StageCollect))
	if err != nil {
		return err
	}
	most, logger := p.settings.Ingest.MaxBody, p.child(StageCollect)
	watcher, err := drop.New(p.gateway, p.settings.Drop, most, instance, tell, logger, time.Now, drop.WithMetrics(p.instruments.drop))
	if err != nil {
		return Usage(err)
	}
	puller, err := pull.New(log, p.gateway, p.settings.Pull, most, location, instance, logger, time.Now, p.instruments.pull)
	if err != nil {
		return Usage(err)
	}
	p.start(StageCollect, p.gateway.Ready(), func(ctx context.Context) error {
		group, ctx := errgroup.WithContext(ctx)
		if !p.has(StageIngest) {
			group.Go(func() error { return p.gateway.Follow(ctx) })
		}
		if p.settings.Drop.Dir != "" {
			group.Go(func() error { return watcher.Run(ctx) })
		}
		group.Go(func() error { return puller.Run(ctx) })
		return group.Wait()
	})
	return nil
}

// instanceName names the instance on this data directory, of which one runs at a time.
func (p *Pipeline) instanceName() (string, error) {
	dir, err := filepath.Abs(p.settings.Dir)
	if err != nil {
		return "", err
	}
	host, err := os.Hostname()
	return host + " " + dir, err
}

// tell writes what became of a submission in words.
func tell(w io.Writer, r *ingest.Receipt, english bool) {
	language := present.Chinese
	if english {
		language = present.English
	}
	present.Receipt(w, r, nil, language)
}
