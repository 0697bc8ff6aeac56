# Draws the last benchmark: gnuplot -e "data='chart.tsv'; chart='chart.svg'" chart.gp
# Columns: name, median milliseconds, ratio to the floor, system calls.
set terminal svg size 720,320 font "sans-serif,13" background "white"
set output chart
set datafile separator "\t"
set style fill solid 0.9 noborder
set boxwidth 0.6
set border 1
set grid ytics lc rgb "#dddddd"
set tics nomirror scale 0
set yrange [0:*]
set offsets 0.1, 0.1, graph 0.15, 0
set xrange [-0.6:*]
set key off
set bmargin 4
set title "run of /bin/true, default configuration: median time, against the bare system calls"
color(name) = name eq "hull" ? 0x2a6fb0 : (name eq "floor" ? 0x999999 : 0xd0a050)
label(name, calls) = calls > 0 ? sprintf("%s\n%d calls", name, calls) : name
plot data using 0:2:(color(stringcolumn(1))):xtic(label(stringcolumn(1), column(4))) with boxes lc rgb variable, \
     data using 0:2:(sprintf("%.1f ms  ×%.2f", $2, $3)) with labels offset 0,0.7
