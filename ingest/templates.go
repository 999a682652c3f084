package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/template"
	"github.com/citytally/citytally/ingest/token"
)

const (
	workbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	csvType      = "text/csv; charset=utf-8"
)

// getTemplate answers GET /v1/templates/{dataset} with a form for an area and a period, and
// the figures in force of earlier periods in it.
func (g *Gateway) getTemplate(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	query := r.URL.Query()
	form, err := g.form(r.PathValue("dataset"), query, who)
	if err != nil {
		return err
	}
	format, err := wordOf(query, "format", "xlsx", "csv")
	if err != nil {
		return err
	}
	language, err := wordOf(query, "lang", "zh", "en")
	if err != nil {
		return err
	}
	form.English = language == "en"
	if form.Known, err = g.knownFigures(r.Context(), w, form); err != nil {
		return err
	}
	content, contentType := []byte(nil), csvType
	if format == "csv" {
		content, err = form.CSV()
	} else {
		contentType = workbookType
		content, err = form.Workbook()
	}
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%s-%s.%s", form.Dataset.ID, form.Area.Code, form.Period, format)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	_, _ = w.Write(content)
	return nil
}

// form returns an empty form as the request wants it.
func (g *Gateway) form(datasetID string, query url.Values, who token.Holder) (*template.Form, error) {
	area, err := g.areaOf(query, who)
	if err != nil {
		return nil, err
	}
	dataset, ok := g.catalogue().Dataset(datasetID)
	if !ok {
		mistake := g.unknownDatasetProblem(datasetID)
		return nil, newProblem(http.StatusNotFound, codeNotFound, mistake.DetailZH, mistake.Detail)
	}
	form := &template.Form{Catalogue: g.catalogue(), Area: area, Dataset: dataset}
	if text := query.Get("period"); text != "" {
		if form.Period, err = catalogue.ReadPeriod(text, 0); err != nil {
			return nil, valueProblem("period", err)
		}
	} else {
		now := time.Now().In(g.catalogue().Zone())
		form.Period = template.Latest(dataset, func(p catalogue.Period) bool { return p.HasEnded(now, g.catalogue().Zone()) },
			func(p catalogue.Period) bool { return g.owes(area.Code, dataset.ID, p) }, now.Year())
	}
	if err := form.Check(); err != nil {
		return nil, valueProblem("period", err)
	}
	return form, nil
}

// areaOf returns the area of the query, or else the token's own.
func (g *Gateway) areaOf(query url.Values, who token.Holder) (*catalogue.Area, error) {
	code := query.Get("area")
	if code == "" && who.Area != token.AnyArea {
		code = who.Area
	}
	area, ok := g.catalogue().Area(code)
	if !ok {
		return nil, unprocessable(g.unknownAreaProblem(code))
	}
	if !who.MaySee(area.Code) {
		return nil, otherAreaProblem(who, area)
	}
	return area, nil
}

// valueProblem returns the answer to a query parameter with a value that cannot be.
func valueProblem(name string, err error) *Problem {
	p, ok := errors.AsType[*catalogue.Problem](err)
	if !ok {
		p = &catalogue.Problem{ZH: err.Error(), EN: err.Error()}
	}
	return unprocessable(ProblemError{Code: p.Code, Field: name, Seen: p.Seen, Detail: p.EN, DetailZH: p.ZH})
}

// unprocessable returns the answer to a request with one mistake.
func unprocessable(mistake ProblemError) *Problem {
	problem := newProblem(http.StatusUnprocessableEntity, codeUnprocessable, mistake.DetailZH, mistake.Detail)
	problem.Errors = []ProblemError{mistake}
	return problem
}

// wordOf reads a query parameter that is one of two words, the first where it is absent.
func wordOf(query url.Values, name, first, second string) (string, error) {
	switch word := query.Get(name); word {
	case "":
		return first, nil
	case first, second:
		return word, nil
	default:
		return "", queryProblem(name, fmt.Sprintf("请求参数 %s 应为 %s 或 %s，收到的是 %q", name, first, second, word), fmt.Sprintf("query parameter %s: want %s or %s, got %q", name, first, second, word))
	}
}

// knownFigures asks for the figures that stand beside those of a form.
func (g *Gateway) knownFigures(ctx context.Context, w http.ResponseWriter, form *template.Form) (map[template.Place]string, error) {
	wanted := inquiry.Wanted{Area: form.Area.Code, Dataset: form.Dataset.ID}
	for _, p := range form.Periods() {
		wanted.Periods = append(wanted.Periods, p.String())
	}
	ctx, cancel := context.WithTimeout(ctx, inquiryTimeout)
	defer cancel()
	figures, err := inquiry.AskFigures(ctx, g.log, wanted)
	if err != nil {
		return nil, g.inquiryProblem(w, err)
	}
	known := map[template.Place]string{}
	for _, f := range figures.Figures {
		period, err := catalogue.ParsePeriod(f.Period)
		if err != nil {
			return nil, err
		}
		known[template.Place{Indicator: f.Indicator, Period: period}] = template.Text(f.Said, form.English)
	}
	return known, nil
}

// writeVerdict answers with a submission as a workbook that has its findings in their cells.
func (g *Gateway) writeVerdict(w http.ResponseWriter, r *http.Request, who token.Holder, receipt *Receipt) error {
	language, err := wordOf(r.URL.Query(), "lang", "zh", "en")
	if err != nil {
		return err
	}
	return g.writeMarked(w, r, who, receipt, language == "en")
}

func (g *Gateway) writeMarked(w http.ResponseWriter, r *http.Request, who token.Holder, receipt *Receipt, english bool) error {
	content, err := g.markedWorkbook(r.Context(), w, receipt, english, who.MaySend(receipt.Area))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", receipt.ID+".xlsx"))
	return writeTagged(w, r, workbookType, content)
}

// markedWorkbook returns a submission as a workbook that has its findings in their cells: the file
// as it was sent to who may have that, and its figures alone to others.
func (g *Gateway) markedWorkbook(ctx context.Context, w http.ResponseWriter, receipt *Receipt, english, mayHaveOriginal bool) ([]byte, error) {
	if receipt.Verdict == nil {
		w.Header().Set("Retry-After", retryAfterStart)
		return nil, newProblem(http.StatusConflict, codeNotJudged, "该报送尚未审核，请稍后重试", "the submission is not judged yet; try again later")
	}
	m, err := g.log.Get(ctx, stream.Submissions, receipt.Sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, newProblem(http.StatusNotFound, codeNotFound, "该报送的内容已超过保存期限", "the submission's content is kept no longer")
	}
	if err != nil {
		return nil, g.unavailableProblem(w, err)
	}
	submission, err := event.DecodeSubmission(m.Data)
	if err != nil {
		return nil, newProblem(http.StatusNotFound, codeNotFound, "该报送无法读取，没有可标注的表格", "the submission cannot be read, so there is no table to mark")
	}
	var original []byte
	if hash := m.Header.Get(event.OriginalHeader); mayHaveOriginal && hash != "" && len(submission.Observations) <= template.MaxMarked {
		if original, err = g.log.Original(ctx, hash); err != nil && !errors.Is(err, stream.ErrNoOriginal) {
			return nil, g.unavailableProblem(w, err)
		}
	}
	g.stand(ctx, receipt)
	holds := g.holdsOf(ctx, receipt.Verdict).Holds
	standing := template.Standing{Status: receipt.Status, Counting: receipt.Counting(), Held: func(f *event.Finding) (template.Held, bool) { return g.heldBy(f, receipt.Verdict, holds) }}
	return template.Verdict(original, &submission, receipt.Verdict, standing, english)
}
