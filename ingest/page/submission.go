package page

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// submissionPage shows what became of a submission.
type submissionPage struct {
	Submission
	// Same says that the reader has just sent what had been sent before.
	Same   bool
	Rows   *rows
	Upload uploadForm
}

func (p *Page) submission(w http.ResponseWriter, r *http.Request, v *visit) error {
	s, err := p.gateway.Submission(r.Context(), v.Who, r.PathValue("id"))
	if err != nil {
		return err
	}
	shown := submissionPage{Submission: s, Same: r.URL.Query().Get("repeated") != "", Upload: uploadForm{Upload: Upload{Dataset: s.Dataset}}}
	if s.Content != nil || s.Verdict != nil {
		shown.Rows = v.rowsOf(s.Content, s.Verdict)
		shown.Rows.stand(v, &s)
	}
	return p.render(w, v, http.StatusOK, "submission", fmt.Sprintf(v.W.SubmissionTitle, s.ID[:8]), &shown)
}

// verdictWait is how long a browser waits for a verdict before it asks again.
const verdictWait = time.Minute

// awaitVerdict tells a browser, as a server-sent event, that a submission has its verdict.
func (p *Page) awaitVerdict(w http.ResponseWriter, r *http.Request, v *visit) error {
	s, err := p.gateway.Submission(r.Context(), v.Who, r.PathValue("id"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), verdictWait)
	defer cancel()
	events, err := beginEvents(w)
	if err != nil {
		return err
	}
	if p.gateway.Judged(ctx, s.ID) {
		return events.write("event: verdict\ndata: judged\n\n")
	}
	return nil
}
