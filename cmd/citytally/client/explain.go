package client

import (
	"context"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/ledger"
)

// Explain returns what the selected total of an indicator follows from. An area's
// code leaves out the figures of other areas; "" leaves out none. Of areas that are missing
// it tells what they sent that was refused or held.
func (c *Client) Explain(ctx context.Context, indicator string, s Selection, area string) (*answer.Explanation, error) {
	period, err := s.period()
	if err != nil {
		return nil, err
	}
	replayer, err := c.openReplayer(ctx)
	if err != nil {
		return nil, err
	}
	defer replayer.close()
	moment, err := replayer.moment(&s)
	if err != nil {
		return nil, err
	}
	inForce := replayer.catalogueAt(moment)
	if _, ok := inForce.Indicator(indicator); !ok {
		return nil, app.Usage(bilingual.Errorf("目录中没有指标 %q；可用 citytally sql \"SELECT id, name_zh FROM indicators\" 列出", "the catalogue has no indicator %q; citytally sql \"SELECT id, name_en FROM indicators\" lists them", indicator))
	}
	if _, ok := inForce.Area(area); area != "" && !ok {
		return nil, app.Usage(bilingual.Errorf("--area：目录中没有地区 %q；可用 citytally sql \"SELECT code, name_zh FROM areas\" 列出", "--area: the catalogue has no area %q; citytally sql \"SELECT code, name_en FROM areas\" lists them", area))
	}
	history, err := replayer.replayFor(ctx, moment, inForce, indicator)
	if err != nil {
		return nil, err
	}
	explanation, _ := answer.Explain(inForce, history, ledger.Cell{Indicator: indicator, Period: period}, area)
	if err := answer.AddRefused(ctx, replayer.log, inForce, moment, explanation); err != nil {
		return nil, err
	}
	return explanation, nil
}
