package ingest

import (
	"cmp"
	"context"
	"errors"
	"mime"
	"net/http"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

// getOriginal answers GET /v1/submissions/{id}/original with the file that a submission came in,
// byte for byte. It is for the area and the bureau alone.
func (g *Gateway) getOriginal(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	receipt, err := g.receiptFor(w, r, who)
	if err != nil {
		return err
	}
	if !who.MaySend(receipt.Area) {
		return newProblem(http.StatusForbidden, codeForbidden, "原始文件仅供报送单位和统计部门下载", "originals are for the area that sent them and the bureau")
	}
	content, err := g.contentOf(r.Context(), w, &receipt)
	if err != nil {
		return err
	}
	name := receipt.File
	if name == "" {
		name = receipt.ID
	}
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	return writeTagged(w, r, "application/octet-stream", content)
}

// contentOf returns the file that a submission came in. Where SUBMISSIONS has lost the submission, its
// verdict says which file it was.
func (g *Gateway) contentOf(ctx context.Context, w http.ResponseWriter, receipt *Receipt) ([]byte, error) {
	gone := newProblem(http.StatusNotFound, codeNotFound, "原始文件未保存，或已超过保存期限", "the original is not kept, or not any more")
	hash := ""
	switch m, err := g.log.Get(ctx, stream.Submissions, receipt.Sequence); {
	case err == nil && m.Header.Get(event.LostHeader) == "":
		if m.Header.Get(event.DirectHeader) != "" {
			return m.Data, nil // what came over NATS is its own original
		}
		hash = m.Header.Get(event.OriginalHeader)
	case err != nil && !errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, g.unavailableProblem(w, err)
	case receipt.Verdict == nil || receipt.Verdict.Original == "":
		return nil, cmp.Or(g.lostProblem(ctx, w, receipt), error(gone))
	default:
		hash = receipt.Verdict.Original
	}
	content, err := g.log.Original(ctx, hash)
	switch {
	case err == nil:
		return content, nil
	case errors.Is(err, stream.ErrNoOriginal) && hash != "":
		return nil, newProblem(http.StatusGone, codeLost, "原始文件已不在（"+stream.Originals+"）：已超过保存期限、为新文件让出空间，或已丢失；审核结果和数据不受影响",
			"the stream "+stream.Originals+" does not have the file any more: it has expired, made room for newer ones, or was lost; the verdict and the figures are as they were")
	case errors.Is(err, stream.ErrNoOriginal):
		return nil, gone
	}
	return nil, g.unavailableProblem(w, err)
}

// originalOf returns the SHA-256 of the file that a submission came in, "" where none is kept.
func (g *Gateway) originalOf(ctx context.Context, sequence uint64) (string, error) {
	m, err := g.log.Get(ctx, stream.Submissions, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return m.Header.Get(event.OriginalHeader), nil
}
