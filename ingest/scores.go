package ingest

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/token"
)

// getScores answers GET /v1/scores with how timely and how good the reports for a year were: of the
// token's area, and with a token for every area of all of them or of the one that is asked for.
func (g *Gateway) getScores(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	query := r.URL.Query()
	wanted := inquiry.WantedScores{Year: time.Now().In(g.catalogue().Zone()).Year()}
	if who.Area != token.AnyArea || query.Get("area") != "" {
		area, err := g.areaOf(query, who)
		if err != nil {
			return err
		}
		wanted.Area = area.Code
	}
	if text := query.Get("year"); text != "" {
		year, err := strconv.ParseUint(text, 10, 16)
		if err != nil || len(text) != 4 {
			return queryProblem(text, "请求参数 year 应为年份，例如 2026", "query parameter year: want a year such as 2026")
		}
		wanted.Year = int(year)
	}
	return answer(g, w, r, func(ctx context.Context) (inquiry.Scores, error) { return inquiry.AskScores(ctx, g.log, wanted) })
}
