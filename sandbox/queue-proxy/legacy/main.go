// Command legacy prints what Knative's queue-proxy exposes for Prometheus after four requests: it drives the real handler of
// knative.dev/serving's pkg/queue and its real exporter, set up as pkg/queue/sharedmain does.
//
// Run as: go run . > ../../../test/sandbox/fixtures/queue-proxy-legacy.prom
package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"time"

	"go.uber.org/zap"
	"knative.dev/pkg/metrics"
	"knative.dev/serving/pkg/queue"
)

// Requests that differ in the status that they ask for and the milliseconds that they take.
var requests = []string{"/200/0", "/200/5", "/404/0", "/503/120"}

func main() {
	port := freePort()
	err := metrics.UpdateExporter(context.Background(), metrics.ExporterOptions{
		Domain:         "knative.dev/internal/serving",
		Component:      "revision",
		PrometheusPort: port,
		ConfigMap:      map[string]string{metrics.BackendDestinationKey: "prometheus"},
	}, zap.NewNop().Sugar())
	if err != nil {
		log.Fatal(err)
	}
	handler, err := queue.NewAppRequestMetricsHandler(http.HandlerFunc(answer), nil,
		"default", "sample-app", "sample-app", "sample-app-v1", "sample-app-v1-deployment-1")
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range requests {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	metrics.FlushExporter()
	print(port)
}

// answer takes a fifth of a millisecond longer than it is asked to: what is measured is cut off to whole milliseconds.
func answer(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	var status, milliseconds int
	parse(r.URL.Path, &status, &milliseconds)
	for time.Since(start) < time.Duration(milliseconds)*time.Millisecond+200*time.Microsecond {
	}
	w.WriteHeader(status)
}

func parse(path string, status, milliseconds *int) {
	var err error
	if *status, err = strconv.Atoi(path[1:4]); err != nil {
		log.Fatal(err)
	}
	if *milliseconds, err = strconv.Atoi(path[5:]); err != nil {
		log.Fatal(err)
	}
}

func print(port int) {
	url := "http://127.0.0.1:" + strconv.Itoa(port) + "/metrics"
	for attempt := 0; attempt < 50; attempt++ {
		response, err := http.Get(url)
		if err == nil {
			_, err = io.Copy(os.Stdout, response.Body)
			if err == nil {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	log.Fatalf("%s did not answer", url)
}

func freePort() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
