package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

// DryRun is the answer to an upload with dry_run=true: what would become of it at one place
// of the log. Nothing has been stored.
type DryRun struct {
	// DryRun is always true.
	DryRun bool `json:"dry_run"`
	// Understood says what the file was taken for.
	Understood *decode.Understanding `json:"understood,omitempty"`
	inquiry.Foreseen
}

// inquiryTimeout is how long the transform stage may take to answer.
const inquiryTimeout = 30 * time.Second

// dryRun answers POST /v1/submissions?dry_run=true: the upload is read and checked as any
// other, and judged by the transform stage instead of being stored.
func (g *Gateway) dryRun(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	answer := DryRun{DryRun: true}
	_, err := g.withUpload(w, r, who, via(r), func(ctx context.Context, uploaded []*uploadedSubmission) (err error) {
		answer.Understood = uploaded[0].understood
		answer.Foreseen, err = g.foresee(ctx, uploaded)
		return g.inquiryProblem(w, err)
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// foresee asks the transform stage what would become of an upload.
func (g *Gateway) foresee(ctx context.Context, uploaded []*uploadedSubmission) (inquiry.Foreseen, error) {
	messages := make([]stream.Message, len(uploaded))
	for i, u := range uploaded {
		messages[i] = u.message
	}
	ctx, cancel := context.WithTimeout(ctx, inquiryTimeout)
	defer cancel()
	return inquiry.DryRun(ctx, g.log, messages)
}

// inquiryProblem returns the answer where the transform stage has not answered; nil where
// there is no error.
func (g *Gateway) inquiryProblem(w http.ResponseWriter, err error) error {
	switch {
	case err == nil:
		return nil
	case event.IsPermanent(err):
		g.logger.Warn().Err(err).Msg("question refused")
		return newProblem(http.StatusRequestEntityTooLarge, codeTooLarge,
			fmt.Sprintf("内容过多，无法试算：%v；请按时期分成几个文件", err), fmt.Sprintf("too much for a dry run: %v; split it by period into several files", err))
	case errors.Is(err, stream.ErrNobodyAnswers):
		w.Header().Set("Retry-After", retryAfterBroker)
		return newProblem(http.StatusServiceUnavailable, codeUnavailable,
			"校核服务（transform）未运行或正在启动，暂时无法回答；未存储任何数据，请稍后重试",
			"the stage that judges (transform) is not at work or is starting, so there is no answer at present; nothing was stored, try again later")
	}
	return g.unavailableProblem(w, err)
}
