// Package openapi is the gateway's API as an OpenAPI 3.1 document, and a page that shows it.
//
// The document is openapi.yaml in this folder, written by hand. The tests of package ingest
// hold every answer of the gateway against it, and every operation of it against what they
// ask. The page is made from it, and loads nothing.
package openapi
