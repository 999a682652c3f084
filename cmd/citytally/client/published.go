package client

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/sample"
	"github.com/citytally/citytally/transform/answer/published"
)

// ComparePublished compares the selected totals with published figures, and the
// published figures with one another. The published figures are those of the control
// file at path; "" is the file that comes with the samples.
func (c *Client) ComparePublished(ctx context.Context, s Selection, path string) (*present.PublishedComparison, error) {
	totals, err := c.Report(ctx, s, false)
	if err != nil {
		return nil, err
	}
	inForce, err := c.catalogueOf(ctx, totals.Catalogue())
	if err != nil {
		return nil, err
	}
	name, controls, err := readControl(path, totals.Period, inForce)
	if err != nil {
		return nil, app.Usage(err)
	}
	return comparePublished(inForce, totals, name, controls)
}

func comparePublished(c *catalogue.Catalogue, r *present.Report, control string, controls []published.Control) (*present.PublishedComparison, error) {
	compared := &present.PublishedComparison{
		Period: r.Period, Release: r.Release, AsOf: r.AsOf, Control: control, Findings: published.Examine(c, controls),
	}
	totals := make([]published.Total, len(r.Totals))
	for i := range r.Totals {
		row := &r.Totals[i]
		totals[i] = published.Total{Indicator: row.Indicator, Value: row.Value, Change: row.Change, Stage: row.Stage, Qualifier: row.Qualifier}
		if row.Basis >= compared.Basis {
			compared.Basis, compared.Catalogue = row.Basis, row.Catalogue
		}
	}
	var err error
	if compared.Comparisons, err = published.Compare(controls, totals, compared.Findings); err != nil {
		return nil, err
	}
	compared.Compared = len(compared.Comparisons)
	for i := range compared.Comparisons {
		switch comparison := &compared.Comparisons[i]; {
		case comparison.Unexplained():
			compared.Unexplained++
		case comparison.Agreement != published.Agrees:
			compared.Explained++
		}
	}
	return compared, nil
}

// readControl reads the control file at path, or the one that comes with the samples.
func readControl(path, period string, c *catalogue.Catalogue) (name string, controls []published.Control, err error) {
	name = filepath.Base(path)
	var text []byte
	switch {
	case path != "":
		if text, err = os.ReadFile(path); err != nil {
			return "", nil, fmt.Errorf("read control file: %w", err)
		}
	case period == sample.PublishedPeriod:
		name, text = "published-"+sample.PublishedPeriod+".csv", sample.Published()
	default:
		return "", nil, fmt.Errorf("no published figures of %s are built in; name a control file with --control", period)
	}
	controls, err = published.ReadControl(name, bytes.NewReader(text), c)
	if err != nil {
		return "", nil, fmt.Errorf("control file:\n%w", err)
	}
	return name, controls, nil
}
