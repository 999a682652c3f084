package client

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/reconcile"
)

// Query runs one query in ClickHouse and prints its rows. Only with write set may it change
// anything.
func (c *Client) Query(ctx context.Context, query string, write bool, w io.Writer, format string) error {
	store, err := c.openStore(ctx, zerolog.Nop())
	if err != nil {
		return err
	}
	defer store.Close()
	err = store.Query(ctx, query, write, w, format)
	if errors.Is(err, sink.ErrReadOnly) {
		return app.Usage(bilingual.Errorf("%v；确需更改请加 --write", "%v; add --write if it is meant to", err))
	}
	return err
}

// Rebuild fills ClickHouse from the log again, beside what it holds, which is then dropped. Where ClickHouse holds
// what the log has lost, Rebuild refuses unless discardNewer says that it may go.
func (c *Client) Rebuild(ctx context.Context, discardNewer bool, logger zerolog.Logger) ([]sink.Rebuilt, error) {
	log, disconnect, err := c.openLog(logger)
	if err != nil {
		return nil, err
	}
	defer disconnect()
	inForce, err := c.lastEdition(ctx, log)
	if err != nil {
		return nil, err
	}
	owed, err := c.settings.LoadCalendar(inForce.Catalogue)
	if err != nil {
		return nil, app.Usage(err)
	}
	store, err := c.openStore(ctx, logger)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	projection := &sink.Projection{Store: store, Log: log}
	lost, err := projection.LostSubmissions(ctx)
	if err == nil {
		_, err = projection.Ends(ctx)
	}
	if projection.IsDamage(err) {
		if _, err = projection.PutAside(ctx); err == nil {
			lost, err = projection.LostSubmissions(ctx)
		}
	}
	if err != nil {
		return nil, err
	}
	if discardNewer {
		if err := c.keepReleases(ctx, inForce.Catalogue, store, logger); err != nil {
			return nil, err
		}
		if err := c.refuseMendable(ctx, log, projection, logger); err != nil {
			return nil, err
		}
	} else {
		if err := refusePoorerLog(ctx, log, projection, lost); err != nil {
			return nil, err
		}
	}
	rebuilt, err := store.Rebuild(ctx, log, inForce.Catalogue, inForce.Since, c.settings.Sink, !discardNewer, logger)
	if err != nil {
		return nil, bilingual.Errorf("%v；再次运行即从断点继续", "%v; call it again to go on", err)
	}
	for i := range lost {
		l := &lost[i]
		logger.Warn().Str("submission", l.ID).Str("area", l.Area).Str("dataset", l.Dataset).Time("received_at", l.ReceivedAt).
			Msg("the log has lost this submission, and now ClickHouse no longer shows it; have it sent again")
	}
	return rebuilt, store.SyncCalendar(ctx, owed)
}

// keepReleases brings back to RELEASES what only ClickHouse has of releases.
func (c *Client) keepReleases(ctx context.Context, inForce *catalogue.Catalogue, store *sink.Store, logger zerolog.Logger) error {
	log, disconnect, err := c.openRepair(logger)
	if err != nil {
		return err
	}
	defer disconnect()
	names, err := answer.RestoreReleases(ctx, log, inForce, store)
	for _, name := range names {
		logger.Warn().Str("release", name).Msg("the log had lost this release; it was brought back from ClickHouse")
	}
	return err
}

// maxNamed is how many lost submissions an error names.
const maxNamed = 50

// refusePoorerLog returns an error when the projection holds what the log has lost, or when
// the log has lost messages that are kept for ever. It names the lost submissions.
func refusePoorerLog(ctx context.Context, log *stream.Log, projection reconcile.Projection, lost []sink.LostSubmission) error {
	found, err := reconcile.Check(ctx, log, projection)
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range found {
		if d.StopsMending() {
			errs = append(errs, d.Reason())
		}
	}
	if len(errs) == 0 {
		return nil
	}
	for i := range lost[:min(len(lost), maxNamed)] {
		errs = append(errs, bilingual.Errorf("已丢失：报送 %s", "lost: submission %s", &lost[i]))
	}
	if more := len(lost) - maxNamed; more > 0 {
		errs = append(errs, bilingual.Errorf("已丢失：另有报送 %d 份，--discard-newer 会逐一列出", "lost: %d submissions more, which --discard-newer names", more))
	}
	return app.Usage(bilingual.Errorf("未移除任何内容，因为日志缺少的内容可能只有 ClickHouse 中还有：\n%v", "nothing is dropped, because ClickHouse may hold the only copy of what the log lacks:\n%v", errors.Join(errs...)))
}

// refuseMendable returns an error when ClickHouse may hold the only copy of what can be brought back
// to the log, or when ACCEPTED lacks what can be brought back to it.
func (c *Client) refuseMendable(ctx context.Context, log *stream.Log, projection *sink.Projection, logger zerolog.Logger) error {
	found, err := reconcile.Check(ctx, log, projection)
	if err != nil {
		return err
	}
	for _, d := range found {
		if d.MendsBySubmissions() {
			return app.Usage(bilingual.Errorf("未移除任何内容，因为可先恢复的内容可能只有 ClickHouse 中还有：%v", "nothing is dropped, because ClickHouse may hold the only copy of what can be brought back first: %v", d.Reason()))
		}
	}
	if !slices.ContainsFunc(found, func(d reconcile.Divergence) bool { return d.Stream == stream.Accepted }) {
		return nil
	}
	first, from, err := c.origin(ctx, log, projection.Store)
	if err != nil {
		return err
	}
	repair, disconnect, err := c.openRepair(logger)
	if err != nil {
		return err
	}
	defer disconnect()
	n, err := judge.Restorable(ctx, repair, first, from)
	if err == nil && n > 0 {
		err = app.Usage(bilingual.Errorf("未移除任何内容，因为 ACCEPTED 丢失的 %d 份报送和决定可先恢复：citytally replay --from submissions", "nothing is dropped, because %d submissions and decisions that ACCEPTED has lost can be brought back first: citytally replay --from submissions", n))
	}
	return err
}

// origin returns what the log can be brought back from beside itself, and the catalogue that it
// begins with.
func (c *Client) origin(ctx context.Context, log *stream.Log, store *sink.Store) (*catalogue.Catalogue, judge.Origin, error) {
	from := judge.Origin{Verdicts: store, Decisions: store, Person: app.CurrentPerson()}
	editions, err := edition.History(ctx, log)
	if err != nil {
		return nil, from, err
	}
	if from.Catalogue, err = c.settings.LoadCatalogue(); err != nil {
		return nil, from, app.Usage(err)
	}
	set, err := c.settings.LoadRules(from.Catalogue)
	if err != nil {
		return nil, from, app.Usage(err)
	}
	from.Rules = set.Text()
	from.Texts = editions.Texts()
	return cmp.Or(editions.First(), from.Catalogue), from, nil
}

// RestoreAccepted brings back to VERDICTS what ClickHouse and ACCEPTED still tell, to ACCEPTED
// what the submissions and verdicts in the log still tell and the decisions that ClickHouse has, and
// to RELEASES what ClickHouse has. Texts are those of catalogues and rules that may have been in
// force; without them it goes on only where withoutTexts says so, and without what was in ACCEPTED and does
// not come back only where discard does.
func (c *Client) RestoreAccepted(ctx context.Context, texts []string, withoutTexts, discard bool, logger zerolog.Logger) (judge.Restored, error) {
	log, disconnect, err := c.openRepair(logger)
	if err != nil {
		return judge.Restored{}, err
	}
	defer disconnect()
	if err := reconcile.Scan(ctx, log, append(reconcile.KeptWhole(), stream.Totals, stream.Direct)...); err != nil {
		return judge.Restored{}, err
	}
	store, err := c.openStore(ctx, logger)
	if err != nil {
		return judge.Restored{}, bilingual.Errorf("未恢复任何内容，因为决定、审核结果和发布版可能只有 ClickHouse 中还有：%v", "nothing was brought back, because ClickHouse may have the only copy of decisions, verdicts and releases: %v", err)
	}
	defer store.Close()
	first, from, err := c.origin(ctx, log, store)
	if err != nil {
		return judge.Restored{}, err
	}
	from.Texts, from.WithoutTexts, from.Discard = append(from.Texts, texts...), withoutTexts, discard
	restored, err := judge.Restore(ctx, log, first, from, logger)
	_, noText := errors.AsType[*judge.MissingTextsError](err)
	_, untold := errors.AsType[*judge.UntoldError](err)
	_, lost := errors.AsType[*judge.LostAcceptedError](err)
	if noText || untold || lost {
		return restored, app.Usage(err)
	}
	for _, name := range reconcile.Unrestored() {
		if err == nil {
			err = log.AcceptLoss(ctx, name)
		}
	}
	if err != nil {
		return restored, err
	}
	inForce, err := c.lastEdition(ctx, log)
	if err != nil {
		return restored, err
	}
	restored.Releases, err = answer.RestoreReleases(ctx, log, inForce.Catalogue, store)
	return restored, err
}
