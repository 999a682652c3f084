package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/rules"
)

// Rules returns the rules in force in the log, compiled for the catalogue in force. Where no
// broker is known, or its log has none, they are those of the settings.
func (c *Client) Rules(ctx context.Context) (*rules.Set, error) {
	under, err := c.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	editions, err := c.Editions(ctx)
	if _, absent := errors.AsType[*AbsentError](err); err != nil && !absent {
		return nil, err
	}
	if absent := err != nil; absent {
		editions = &edition.Editions{}
	}
	return c.rulesUnder(editions, under)
}

// rulesUnder compiles the last rules of some editions, or else those of the settings, for a
// catalogue.
func (c *Client) rulesUnder(editions *edition.Editions, under *catalogue.Catalogue) (*rules.Set, error) {
	if last, ok := editions.LastRules(); ok {
		return rules.Parse("rules in force", []byte(last.Text), under)
	}
	return c.settings.LoadRules(under)
}

// RulesHistory returns the rules that have been in force in the log, the oldest first.
func (c *Client) RulesHistory(ctx context.Context) ([]present.Edition, error) {
	editions, err := c.Editions(ctx)
	if err != nil {
		return nil, err
	}
	all := []present.Edition{}
	for i := range editions.Rules {
		r := &editions.Rules[i]
		all = append(all, present.Edition{Version: r.Version(), Sequence: r.Sequence, Since: r.Since, By: r.Decision.Person, Reason: r.Decision.Reason})
	}
	return all, nil
}

// ApplyRules returns what differs between the rules in force and others, and how many of the
// figures in force each would find; with a reason it puts the others in force. It returns a
// RefusedError for rules that do not fit the catalogue in force, or whose examples do not come
// out as they say.
func (c *Client) ApplyRules(ctx context.Context, to *rules.Set, reason string) (*present.AppliedRules, error) {
	replayer, err := c.openReplayer(ctx)
	if err != nil {
		return nil, err
	}
	defer replayer.close()
	history, err := replayer.replay(ctx, ledger.Moment{})
	if err != nil {
		return nil, err
	}
	under := history.Ledger.Catalogue()
	if to, err = rules.Parse("rules", []byte(to.Text()), under); err != nil {
		return nil, &RefusedError{fmt.Errorf("the rules do not fit catalogue %s, which is in force: %w", under.Version(), err)}
	}
	bad := []error{}
	for _, o := range to.Test() {
		if !o.Good() {
			bad = append(bad, fmt.Errorf("example %d of %s does not come out as it says", o.Number, o.Rule.ID))
		}
	}
	if len(bad) > 0 {
		return nil, &RefusedError{errors.Join(bad...)}
	}
	from, err := c.rulesUnder(replayer.editions, under)
	if err != nil {
		return nil, fmt.Errorf("read the rules in force: %w", err)
	}
	applied := &present.AppliedRules{
		From: from.Version(), To: to.Version(), Differences: append([]rules.Difference{}, rules.Between(from, to)...),
		Before: judge.Survey(history.Ledger, from), After: judge.Survey(history.Ledger, to),
	}
	_, known := replayer.editions.LastRules()
	if reason == "" || applied.From == applied.To && known {
		return applied, nil
	}
	if applied.Sequence, err = replayer.editions.AdoptRules(ctx, replayer.log, to.Text(), reason, app.CurrentPerson(), time.Now()); errors.Is(err, edition.ErrOvertaken) {
		return nil, &RefusedError{err}
	}
	return applied, err
}
