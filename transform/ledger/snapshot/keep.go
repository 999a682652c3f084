package snapshot

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

const (
	// lookEvery is how often the keeper looks how far the ledger has come, and keepEvery the
	// least time between two snapshots of a ledger that is followed.
	lookEvery, keepEvery = 10 * time.Second, 5 * time.Minute
	// followedRows is how many times Store.MinRows are worth a snapshot meanwhile.
	followedRows = 20
	// stopFor is how long the last snapshot may take to ask the log.
	stopFor = 10 * time.Second
)

// Keeper writes snapshots of a ledger that follows the log.
type Keeper struct {
	store  *Store
	log    *stream.Log
	ledger *ledger.Ledger
	logger zerolog.Logger
	newest atomic.Uint64 // basis of the newest snapshot, written or loaded
	rows   uint64        // accepted rows in that
}

// NewKeeper returns the keeper of a ledger's snapshots; the registerer, unless nil, is told how far
// the newest goes.
func NewKeeper(s *Store, log *stream.Log, l *ledger.Ledger, logger zerolog.Logger, r prometheus.Registerer) *Keeper {
	k := &Keeper{store: s, log: log, ledger: l, logger: logger}
	if r != nil {
		promauto.With(r).NewGaugeFunc(prometheus.GaugeOpts{
			Name: "citytally_ledger_snapshot_sequence", Help: "Sequence of ACCEPTED up to which the newest snapshot of the ledger goes; 0 is none.",
		}, func() float64 { return float64(k.newest.Load()) })
	}
	return k
}

// Load fills the empty ledger from the newest snapshot that can be believed, waiting for the
// broker where that is away.
func (k *Keeper) Load(ctx context.Context) error {
	attempt := stream.Attempt{What: "compare the ledger's snapshots with the log", Stage: "ledger", Stream: stream.Accepted, Logger: k.logger}
	return k.log.Retry(ctx, attempt, func(ctx context.Context) error {
		extent, err := k.store.Load(ctx, k.log, k.ledger, ledger.Moment{}, k.logger)
		k.newest.Store(extent.Basis)
		k.rows = extent.Rows
		return err
	})
}

// Run writes a snapshot when the ledger has grown enough since the newest one: at once for what a
// start had to replay, and then from time to time, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	k.write(ctx, k.store.MinRows)
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for written := time.Now(); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
		if time.Since(written) >= keepEvery && k.write(ctx, followedRows*k.store.MinRows) {
			written = time.Now()
		}
	}
}

// Stop writes the last snapshot, of a ledger that nobody follows any more.
func (k *Keeper) Stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopFor)
	defer cancel()
	k.write(ctx, k.store.MinRows)
}

// write writes a snapshot where there are rows more than in the newest, and reports whether it
// tried.
func (k *Keeper) write(ctx context.Context, rows uint64) bool {
	if k.ledger.Extent().Rows < k.rows+rows {
		return false
	}
	began := time.Now()
	extent, err := k.store.Write(ctx, k.log, k.ledger)
	switch {
	case err != nil && ctx.Err() == nil:
		k.logger.Warn().Err(err).Msg("no snapshot of the ledger was written; the next start reads more of the log")
	case err == nil && extent.Basis > 0:
		k.newest.Store(extent.Basis)
		k.rows = extent.Rows
		k.logger.Info().Uint64("sequence", extent.Basis).Uint64("rows", extent.Rows).TimeDiff("took", time.Now(), began).Msg("snapshot of the ledger written")
	}
	return true
}
