package ingest

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/token"
)

// readUpload decodes the request's body into submissions, and returns the file as well.
func (g *Gateway) readUpload(w http.ResponseWriter, r *http.Request, who token.Holder, large *largeSlot) (result decode.Result, content []byte, err error) {
	body, err := g.body(w, r)
	if err != nil {
		return decode.Result{}, nil, err
	}
	query := r.URL.Query()
	content, err = g.openForm(r, body, query, large)
	if err != nil {
		return decode.Result{}, nil, err
	}
	options := decode.Options{
		Catalogue: g.catalogue(), Area: query.Get("area"), Dataset: query.Get("dataset"), Period: query.Get("period"), Sheet: query.Get("sheet"),
		File: query.Get("file"), Reason: query.Get("reason"),
	}
	options.Charset = charset(r)
	if who.Area != token.AnyArea {
		options.Own = who.Area
	}
	result, err = large.decode(r.Context(), content, options)
	if err != nil {
		return decode.Result{}, nil, g.bodyProblem(err)
	}
	again, err := flagOf(query, "again")
	if err != nil {
		return decode.Result{}, nil, err
	}
	for _, s := range heads(&result) {
		s.Again = s.Again || again
		if err := setKey(s, r.Header.Get("Idempotency-Key")); err != nil {
			return decode.Result{}, nil, err
		}
	}
	return result, content, nil
}

// heads returns the submissions of an upload; those that are divided are without observations.
func heads(result *decode.Result) []*event.Submission {
	var all []*event.Submission
	for i := range result.Submissions {
		all = append(all, &result.Submissions[i])
	}
	for i := range result.Divided {
		all = append(all, &result.Divided[i].Head)
	}
	return all
}

// workbookFactor is how many times MaxBody the parts of a workbook may have, which is a
// compressed file.
const workbookFactor = 8

// charset returns the charset that the request says its content has, which counts only where the
// content leaves a doubt.
func charset(r *http.Request) string {
	_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return parameters["charset"]
}

// body returns the request's body, which has arrived, decompressed. Unpacking more than MaxBody bytes is
// an error.
func (g *Gateway) body(w http.ResponseWriter, r *http.Request) (io.Reader, error) {
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
		return r.Body, nil
	case "gzip":
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, g.bodyProblem(err)
		}
		return http.MaxBytesReader(nil, unpacked, g.config.MaxBody), nil
	default:
		w.Header().Set("Accept-Encoding", "gzip, identity")
		return nil, newProblem(http.StatusUnsupportedMediaType, codeMediaType,
			fmt.Sprintf("Content-Encoding 应为 gzip 或不填，收到的是 %q", encoding),
			fmt.Sprintf("want Content-Encoding gzip or none, got %q", encoding))
	}
}

// bodyProblem returns the answer to a body that cannot be read.
func (g *Gateway) bodyProblem(err error) error {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if p, ok := errors.AsType[*catalogue.Problem](err); ok {
		status, code := http.StatusBadRequest, codeMalformed
		switch p.Code {
		case decode.TooManyRows, decode.TooLarge:
			status, code = http.StatusRequestEntityTooLarge, codeTooLarge
		case decode.WrongFormat:
			status, code = http.StatusUnsupportedMediaType, codeMediaType
		case decode.BadJSON, decode.BadEncoding, decode.BadFile:
		default:
			status, code = http.StatusUnprocessableEntity, codeUnprocessable
		}
		problem := newProblem(status, code, p.ZH, p.EN)
		problem.Errors = []ProblemError{{Code: p.Code, Field: "body", Seen: p.Seen, Detail: p.EN, DetailZH: p.ZH}}
		return problem
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return g.tooLargeProblem(g.config.MaxBody)
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return newProblem(http.StatusRequestTimeout, codeMalformed,
			fmt.Sprintf("上传未能在 %s 内完成，请重试", g.config.ReadTimeout), fmt.Sprintf("the upload did not arrive within %s; try again", g.config.ReadTimeout))
	}
	return newProblem(http.StatusBadRequest, codeMalformed,
		fmt.Sprintf("上传内容不完整或压缩数据损坏：%v", err), fmt.Sprintf("the upload is incomplete or its compression broken: %v", err))
}

func (g *Gateway) tooLargeProblem(limit int64) *Problem {
	return newProblem(http.StatusRequestEntityTooLarge, codeTooLarge,
		fmt.Sprintf("文件过大：上限为 %d 字节（解压后），请按时期分成几个文件提交", limit),
		fmt.Sprintf("the upload is too large: at most %d bytes, after decompression; split it by period into several files", limit))
}
