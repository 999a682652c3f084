package drop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
)

// Way is the way in that submissions from folders have.
const Way = "drop"

// Gateway takes the files.
type Gateway interface {
	NextPlace(ctx context.Context) (uint64, error)
	Deliver(ctx context.Context, d ingest.Delivery) (*ingest.Delivered, error)
	Workbook(ctx context.Context, r *ingest.Receipt, english bool) ([]byte, error)
	Catalogue() *catalogue.Catalogue
}

var _ Gateway = (*ingest.Gateway)(nil)

// Teller writes what became of a submission, in Chinese or English.
type Teller func(w io.Writer, r *ingest.Receipt, english bool)

// Watcher takes files from the folders. Make one with New and keep Run going.
type Watcher struct {
	gateway Gateway
	config  Config
	maxBody int64
	// holder names this instance in the claims that it makes; a claim of another one is taken
	// over when nothing has happened to it for takeOver.
	holder   string
	takeOver time.Duration
	tell     Teller
	logger   zerolog.Logger
	now      func() time.Time
	metrics  *Metrics
	// reached is told each step of taking a file. An error ends the watcher as a kill would.
	reached func(step string) error

	mu      sync.Mutex
	folders map[string]*folder // by path below Dir
	told    map[string]string  // what is wrong, by place
}

// Option changes a watcher under construction.
type Option func(*Watcher)

// WithMetrics makes the watcher count what it does.
func WithMetrics(m *Metrics) Option { return func(w *Watcher) { w.metrics = m } }

// takeOverAfter is how long a claim of another instance lies untouched before it is taken over.
const takeOverAfter = time.Minute

// New returns a watcher. Instance names this instance for ever, for instance by its data
// directory; no two that run may have the same.
func New(gateway Gateway, config Config, maxBody int64, instance string, tell Teller, logger zerolog.Logger, now func() time.Time, options ...Option) (*Watcher, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(instance))
	w := &Watcher{
		gateway: gateway, config: config, maxBody: maxBody, holder: hex.EncodeToString(sum[:6]), takeOver: takeOverAfter, tell: tell, logger: logger, now: now,
		metrics: NewMetrics(nil), reached: func(string) error { return nil }, folders: map[string]*folder{}, told: map[string]string{},
	}
	for _, option := range options {
		option(w)
	}
	return w, nil
}

// Run takes files until ctx ends, and returns nil.
func (w *Watcher) Run(ctx context.Context) error {
	tick := time.NewTicker(w.config.Every)
	defer tick.Stop()
	for {
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// parallel is how many areas' folders are worked on at the same time.
const parallel = 4

// look goes through every folder once.
func (w *Watcher) look(ctx context.Context) error {
	root, err := os.OpenRoot(w.config.Dir)
	w.trouble("", err)
	if err != nil {
		return nil
	}
	defer root.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	areas := w.gateway.Catalogue().Areas
	for i := range areas {
		group.Go(func() error { return w.area(ctx, root, areas[i].Code) })
	}
	err = group.Wait()
	waiting := 0
	for _, f := range w.folders {
		waiting += len(f.seen) + len(f.claims)
	}
	w.metrics.waiting.Set(float64(waiting))
	return err
}

// area goes through an area's folder and those of its datasets.
func (w *Watcher) area(ctx context.Context, root *os.Root, area string) error {
	own, err := openDir(root, area)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	w.trouble(area, err)
	if err != nil {
		return nil
	}
	defer own.Close()
	folders, err := w.work(ctx, own, area, area, "")
	if err != nil {
		return err
	}
	for _, name := range folders {
		path := area + "/" + name
		if _, known := w.gateway.Catalogue().Dataset(name); !known {
			w.trouble(path, errors.New("is no dataset of the catalogue, so what is in it is not taken"))
			continue
		}
		dir, err := openDir(own, name)
		w.trouble(path, err)
		if err != nil {
			continue
		}
		_, err = w.work(ctx, dir, path, area, name)
		dir.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// openDir opens a directory that is no link.
func openDir(root *os.Root, name string) (*os.Root, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, errors.New("is no directory, or a link to one, which is not followed")
	}
	return root.OpenRoot(name)
}

// trouble notes what is wrong at a place, or with nil that nothing is. It is logged when it
// changes.
func (w *Watcher) trouble(place string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := ""
	if err != nil {
		text = err.Error()
	}
	if w.told[place] == text {
		return
	}
	w.told[place] = text
	if text == "" {
		delete(w.told, place)
	} else {
		w.logger.Warn().Str("dir", w.config.Dir).Str("place", place).Err(err).Msg("files are not taken from there")
	}
	w.metrics.trouble.Set(float64(len(w.told)))
}

// folderOf returns the folder at a path, as it was seen last.
func (w *Watcher) folderOf(path, area, dataset string) *folder {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.folders[path]
	if f == nil {
		f = &folder{Watcher: w, path: path, area: area, dataset: dataset, seen: map[string]*sighting{}, claims: map[string]*claim{}, foreign: map[string]time.Time{}}
		w.folders[path] = f
	}
	return f
}

// work goes through one folder and returns the names of the folders in it.
func (w *Watcher) work(ctx context.Context, root *os.Root, path, area, dataset string) (folders []string, err error) {
	f := w.folderOf(path, area, dataset)
	folders, err = f.list(root)
	w.trouble(path, err)
	if err != nil {
		return nil, nil
	}
	if err := f.recover(root); err != nil {
		w.trouble(path+"/"+takenDir, err)
	}
	if err := f.take(ctx, root); err != nil {
		return nil, err
	}
	if err := f.deliver(ctx, root); err != nil {
		return nil, fmt.Errorf("take files from %s: %w", path, err)
	}
	return folders, nil
}
