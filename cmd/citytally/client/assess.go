package client

import (
	"context"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/answer/assess"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// Assess scores the areas by the scorecard in a file, with the best figures there
// were at the selected moment, or when the selected release was made.
func (c *Client) Assess(ctx context.Context, card string, s Selection) (*present.Assessment, error) {
	replayer, err := c.openReplayer(ctx)
	if err != nil {
		return nil, err
	}
	defer replayer.close()
	a := &present.Assessment{Release: s.Release}
	var period catalogue.Period
	var moment ledger.Moment
	if s.Release != "" {
		release, of, err := replayer.release(ctx, s.Release)
		if err != nil {
			return nil, err
		}
		period, moment = of, answer.MomentOf(release)
	} else {
		if period, err = s.period(); err != nil {
			return nil, err
		}
		if moment, err = replayer.moment(&s); err != nil {
			return nil, err
		}
	}
	inForce := replayer.catalogueAt(moment)
	a.Catalogue = inForce.Version()
	if a.Card, err = assess.Load(card, inForce); err != nil {
		return nil, app.Usage(err)
	}
	history, err := replayer.replay(ctx, moment)
	if err != nil {
		return nil, err
	}
	a.Period, a.AsOf, a.Basis = period.String(), history.Moment.Received, history.Ledger.Basis()
	a.Result = a.Card.Assess(inForce, period, func(area, indicator string) (assess.Figure, bool) {
		own, ok := tally.OfArea(inForce, history.Ledger, ledger.Cell{Indicator: indicator, Period: period}, area)
		return assess.Figure(own), ok
	})
	return a, nil
}
