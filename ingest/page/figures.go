package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/template"
)

// figuresPage shows what an area has in force for a period, beside the year before.
type figuresPage struct {
	Selection selection
	Before    catalogue.Period
	Rows      []figureRow
	Stages    []string
}

// figureRow is one indicator that the area reports.
type figureRow struct {
	Indicator   *catalogue.Indicator
	Before, Now string // "" where there is no figure
	Submission  string // that brought Now
	Held        string // a newer figure that is held; "" is none
}

// showFigures answers GET /figures.
func (p *Page) showFigures(w http.ResponseWriter, r *http.Request, v *visit) error {
	shown := figuresPage{Selection: v.selected(r.URL.Query()), Stages: []string{"forecast", "estimate", "flash", "final"}}
	dataset, period := shown.Selection.Dataset, shown.Selection.Period
	shown.Before = period.YearBefore()
	told, err := p.gateway.InForce(w, r, inquiry.Wanted{Area: v.Area.Code, Dataset: dataset.ID, Periods: []string{period.String(), shown.Before.String()}})
	if err != nil {
		return err
	}
	type cell struct{ indicator, period string }
	known := map[cell]*inquiry.Figure{}
	for i := range told.Figures {
		f := &told.Figures[i]
		known[cell{f.Indicator, f.Period}] = f
	}
	held, err := p.heldFigures(w, r, v, period)
	if err != nil {
		return err
	}
	for _, indicator := range template.Indicators(p.catalogue(), v.Area, dataset, period) {
		row := figureRow{Indicator: indicator, Held: held[indicator.ID]}
		if f := known[cell{indicator.ID, shown.Before.String()}]; f != nil {
			row.Before = v.inForce(f)
		}
		if f := known[cell{indicator.ID, period.String()}]; f != nil {
			row.Now, row.Submission = v.inForce(f), f.Submission
		}
		shown.Rows = append(shown.Rows, row)
	}
	return p.render(w, v, http.StatusOK, "figures", v.W.Figures, &shown)
}

// heldFigures returns the area's figures of a period that are held, by indicator, for those who
// may see them: of several of an indicator the newest.
func (p *Page) heldFigures(w http.ResponseWriter, r *http.Request, v *visit, period catalogue.Period) (map[string]string, error) {
	if !v.Explains() && !v.Decides() {
		return nil, nil
	}
	told, err := p.gateway.Holds(w, r, v.Who, inquiry.WantedHolds{Area: v.Area.Code, State: "pending", Period: period.String()})
	if err != nil {
		return nil, err
	}
	held := map[string]string{}
	for i := range told.Holds {
		h := &told.Holds[i]
		if _, newer := held[h.Indicator]; newer {
			continue
		}
		held[h.Indicator] = v.Reported(h.Indicator, h.Said)
	}
	return held, nil
}

// inForce writes an area's figure exactly, with its unit, qualifier and stage.
func (v *visit) inForce(f *inquiry.Figure) string {
	said := f.Said
	if said.Value != "" {
		if i, ok := v.page.catalogue().Indicator(f.Indicator); ok {
			said.Value = i.Unit().After(said.Value)
		}
	}
	return v.Said(&said)
}

const (
	// fieldPrefix begins the names of the fields with new figures, which the id of the
	// indicator ends; stageField is that of their stage.
	fieldPrefix = "figure."
	// stageAsBefore is the stage of a corrected figure that keeps its own.
	stageAsBefore = ""
)

// correct makes a submission of the figures that were typed, and has it looked at like a file.
func (p *Page) correct(w http.ResponseWriter, r *http.Request, v *visit) error {
	if !v.MaySend() {
		return mayNotSend()
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	s := v.selected(r.PostForm)
	stages, err := p.stagesInForce(w, r, v, s)
	if err != nil {
		return err
	}
	sent := event.Submission{Area: v.Area.Code, Dataset: s.Dataset.ID}
	for _, indicator := range template.Indicators(p.catalogue(), v.Area, s.Dataset, s.Period) {
		text := strings.TrimSpace(r.PostForm.Get(fieldPrefix + indicator.ID))
		if text == "" {
			continue
		}
		stage := r.PostForm.Get("stage")
		if stage == stageAsBefore {
			stage = stages[indicator.ID]
		}
		sent.Observations = append(sent.Observations, event.Observation{
			Indicator: indicator.ID, Period: s.Period.String(), Value: event.Text(strings.Map(plain, text)), Stage: stage,
		})
	}
	if len(sent.Observations) == 0 {
		return &Refusal{Status: http.StatusUnprocessableEntity, ZH: chinese.NothingTyped, EN: english.NothingTyped}
	}
	content, err := json.Marshal(&sent)
	if err != nil {
		return fmt.Errorf("write submission: %w", err)
	}
	upload := Upload{Area: sent.Area, Dataset: sent.Dataset, File: fmt.Sprintf(v.W.TypedFile, v.Period(s.Period.String())), Typed: true}
	http.Redirect(w, r, "/check/"+p.sessions.hold(v.session, content, upload), http.StatusSeeOther)
	return nil
}

// stagesInForce returns the stages of an area's figures, by indicator.
func (p *Page) stagesInForce(w http.ResponseWriter, r *http.Request, v *visit, s selection) (map[string]string, error) {
	told, err := p.gateway.InForce(w, r, inquiry.Wanted{Area: v.Area.Code, Dataset: s.Dataset.ID, Periods: []string{s.Period.String()}})
	if err != nil {
		return nil, err
	}
	stages := map[string]string{}
	for _, f := range told.Figures {
		stages[f.Indicator] = f.Stage
	}
	return stages, nil
}

// historyPage shows every vintage of an area's figure.
type historyPage struct {
	inquiry.History
	Indicator *catalogue.Indicator
	Period    string
	Stated    []stated
}

// stated is a figure that was reported, and what has said the same since, the newest first.
type stated struct {
	inquiry.Vintage
	Figure    string
	Confirmed []inquiry.Vintage
}

// statedOf puts vintages that say the same as the one behind them beside that.
func (v *visit) statedOf(indicator string, vintages []inquiry.Vintage) (all []stated) {
	var confirmed []inquiry.Vintage
	for _, one := range vintages {
		if one.Confirms {
			confirmed = append(confirmed, one)
			continue
		}
		s := stated{one, v.Reported(indicator, one.Said), confirmed}
		said := one.Said
		said.Stage = ""
		if strings.ReplaceAll(v.Reported(indicator, said), " ", "") == strings.ReplaceAll(s.Raw, " ", "") {
			s.Raw = "" // it is the figure as it stands there
		}
		all, confirmed = append(all, s), nil
	}
	return all
}

// history answers GET /figures/{indicator}/{period}.
func (p *Page) history(w http.ResponseWriter, r *http.Request, v *visit) error {
	indicator, period, err := p.cell(r)
	if err != nil {
		return err
	}
	told, err := p.gateway.History(w, r, inquiry.Cell{Area: v.Area.Code, Indicator: indicator.ID, Period: period.String()})
	if err != nil {
		return err
	}
	return p.render(w, v, http.StatusOK, "history", v.Indicator(indicator.ID), historyPage{told, indicator, period.String(), v.statedOf(indicator.ID, told.Vintages)})
}

// cell reads an indicator and a period from an address.
func (p *Page) cell(r *http.Request) (*catalogue.Indicator, catalogue.Period, error) {
	indicator, known := p.catalogue().Indicator(r.PathValue("indicator"))
	period, err := catalogue.ParsePeriod(r.PathValue("period"))
	if !known || err != nil {
		return nil, period, &Refusal{Status: http.StatusNotFound, ZH: chinese.NoCell, EN: english.NoCell}
	}
	return indicator, period, nil
}

// form answers GET /forms/{dataset} with the file to fill in.
func (p *Page) form(w http.ResponseWriter, r *http.Request, v *visit) error {
	query := url.Values{"area": {v.Area.Code}, "lang": {string(v.Language)}}
	for _, name := range []string{"period", "format"} {
		if value := r.URL.Query().Get(name); value != "" {
			query.Set(name, value)
		}
	}
	return p.gateway.Form(w, r, v.Who, r.PathValue("dataset"), query)
}
